/* SPDX-License-Identifier: MIT */
#include "probe/page/page.h"

/* MPF_PAGE: where the build has put it. */
__asm__(".pushsection .rodata\n"
        ".global page_html, page_html_end, page_policy\n"
        ".hidden page_html, page_html_end, page_policy\n"
        "page_html: .incbin \"" MPF_PAGE ".html\"\n"
        "page_html_end: .byte 0\n"
        "page_policy: .incbin \"" MPF_PAGE ".policy\"\n"
        ".byte 0\n"
        ".popsection\n");
