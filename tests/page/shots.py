# SPDX-License-Identifier: MIT
"""shots.py [-a] URL PROFILE DIRECTORY - page.png; with -a, the whole page at each width, light and dark."""
import sys

import browser

whole = sys.argv[1] == "-a"
url, profile, directory = sys.argv[-3:]
driver = browser.start(profile)
try:
    browser.look(driver, 1440)
    driver.get(url)
    if browser.wait(driver, "return document.querySelectorAll('.strip rect').length > 5", 10) is None:
        sys.exit("the page shows no history")
    if whole:
        for width in (390, 820, 1440):
            for dark in (False, True):
                browser.shoot(driver, "%s/page-%d-%s.png" % (directory, width, "dark" if dark else "light"), width,
                              dark=dark)
    else:
        browser.shoot(driver, directory + "/page.png", 1200, 800, whole=False)
    for entry in driver.get_log("browser"):
        print(entry["level"], entry["message"])
finally:
    driver.quit()
