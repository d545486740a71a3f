# SPDX-License-Identifier: MIT
"""page.py PROFILE - looks at the daemon's page.  A command in each line of the input, an answer in one line.

    open URL                       "ok" when services are shown
    state NAME WORD                milliseconds until candidate NAME is shown as WORD, or "never"
    gone yes|no                    likewise, until the page says so, or not
    find TEXT                      likewise, until it stands in the head of the page
    tell SELECTOR                  the text of what SELECTOR finds first
    count SELECTOR                 how many there are
    pictures DIRECTORY             at three widths, light and dark: "ok", or what sticks out at its side
    picture FILE                   of what is in sight
    axe FILE                       violations, light and dark, "none", or their names
    keys                           what the tabulator reaches, in order
    elsewhere                      what was asked for that is not of this page's origin
    errors                         what the console says that is an error; forgotten then
    load                           milliseconds until the services are painted, from nothing
    press TEXT                     the button that has it
    quit
"""
import json
import signal
import sys
import urllib.parse

import browser

LIMIT_S = 15
ROW = """const row = [...document.querySelectorAll('.row[data-state]')]
    .find(row => row.querySelector('.name').textContent === arguments[0]);
return row && row.dataset.state === arguments[1] && row.querySelector('.word').innerText.includes(arguments[1]);"""
GONE = """const gone = document.getElementById('gone');
return (!gone.hidden && gone.innerText.includes('gone') && document.title.includes('gone')) === arguments[0];"""
MARK = """new MutationObserver((_, observer) => {
    if (!document.querySelector('.service .usable:not(:empty)')) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.painted_ms = performance.now(); }));
}).observe(document, { childList: true, subtree: true });"""


class Page:
    def __init__(self, profile):
        self.driver = browser.start(profile)
        self.origin = ""
        browser.look(self.driver, 1440)

    def open(self, url):
        self.origin = url
        self.driver.get_log("performance")
        self.driver.get_log("browser")
        self.driver.get(url)
        return "ok" if browser.wait(self.driver, "return document.querySelector('.service')", LIMIT_S) is not None else "not ok"

    def until(self, script, *arguments):
        seconds = browser.wait(self.driver, script, LIMIT_S, *arguments)
        return "never" if seconds is None else round(seconds * 1000)

    def state(self, name, word):
        return self.until(ROW, name, word)

    def gone(self, answer):
        return self.until(GONE, answer == "yes")

    def find(self, text):
        return self.until("return document.getElementById('headline').innerText.includes(arguments[0])", text)

    def tell(self, selector):
        return self.driver.execute_script(
            "const it = document.querySelector(arguments[0]); return it ? it.textContent : 'nothing'", selector)

    def count(self, selector):
        return self.driver.execute_script("return document.querySelectorAll(arguments[0]).length", selector)

    def pictures(self, directory):
        wide = []
        for width in (390, 820, 1440):
            for dark in (False, True):
                shade = "dark" if dark else "light"
                browser.shoot(self.driver, "%s/%d-%s.png" % (directory, width, shade), width, dark=dark)
                if self.driver.execute_script("return document.documentElement.scrollWidth > innerWidth"):
                    wide.append("%d %s" % (width, shade))
        browser.look(self.driver, 1440)
        return "ok" if not wide else "wider than the screen at " + ", ".join(wide)

    def picture(self, path):
        browser.shoot(self.driver, path, 1024, whole=False)
        browser.look(self.driver, 1440)
        return "ok"

    def axe(self, file):
        with open(file, encoding="utf-8") as source:
            self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": source.read()})
        found = []
        for width, dark in ((1440, False), (1440, True), (390, False)):
            browser.look(self.driver, width, 3000, dark)
            result = self.driver.execute_async_script(
                "const done = arguments[0]; axe.run(document).then(result => done(result.violations))")
            found += ["%s (%d %s: %s)" % (it["id"], width, dark, it["nodes"][0]["html"][:80]) for it in result]
        browser.look(self.driver, 1440)
        return "; ".join(found) or "none"

    def keys(self):
        reached = []
        self.driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
        for _ in range(60):
            for kind in ("keyDown", "keyUp"):
                self.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": kind, "key": "Tab", "code": "Tab",
                                                                       "windowsVirtualKeyCode": 9})
            name = self.driver.execute_script("""const it = document.activeElement;
                if (it === document.body) return null;
                const style = getComputedStyle(it);
                if (style.outlineStyle === 'none' || !parseFloat(style.outlineWidth)) return 'UNSEEN';
                return it.getAttribute('aria-label') || it.textContent.trim().split(' ')[0] || it.id;""")
            if name is None or (reached and name == reached[0]):
                break
            reached.append(name)
        return " ".join(reached)

    def press(self, name):
        return self.driver.execute_script("""const it = [...document.querySelectorAll('button')]
            .find(it => it.textContent.includes(arguments[0])); it.focus(); it.click(); return 'ok'""", name)

    def elsewhere(self):
        origin = urllib.parse.urlsplit(self.origin)
        asked = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.add(message["params"]["request"]["url"])
        others = [url for url in asked if url.split(":")[0] not in ("data", "chrome", "about")
                  and urllib.parse.urlsplit(url)[:2] != origin[:2]]
        return " ".join(others) or ("nothing" if asked else "not even the page")

    def errors(self):
        return "; ".join(entry["message"] for entry in self.driver.get_log("browser")
                         if entry["level"] not in ("INFO", "DEBUG")) or "none"

    def load(self):
        self.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        script = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": MARK})
        self.driver.get(self.origin)
        browser.wait(self.driver, "return window.painted_ms", LIMIT_S)
        self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
        return round(self.driver.execute_script("return window.painted_ms || 99999"))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    page = Page(sys.argv[1])
    print("ready", flush=True)
    try:
        for line in sys.stdin:
            command, *arguments = line.rstrip("\n").split("\t")
            if command == "quit":
                break
            try:
                answer = getattr(page, command)(*arguments)
            except Exception as error:  # whatever goes wrong is this command's answer
                answer = "%s: %s" % (type(error).__name__, str(error).split("\n")[0])
            print(str(answer).replace("\n", " "), flush=True)
    finally:
        page.driver.quit()


main()
