# SPDX-License-Identifier: MIT
"""A headless Chromium, driven by what Debian has: chromium, chromium-driver, python3-selenium."""
import os
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service


def start(profile):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update", "--no-first-run",
                     "--force-device-scale-factor=1", "--lang=en", "--user-data-dir=" + profile):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver", log_path=os.devnull), options=options)
    driver.set_page_load_timeout(30)
    return driver


def look(driver, width, height=900, dark=False, mobile=False):
    """As a screen of that size."""
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})


def shoot(driver, path, width, height=900, dark=False, whole=True):
    look(driver, width, height, dark)
    if whole:  # what is further down is only drawn when it is looked at
        high = driver.execute_script("return document.documentElement.scrollHeight")
        look(driver, width, max(height, min(high, 4000)), dark)
    driver.execute_async_script("const done = arguments[0]; setTimeout(() => requestAnimationFrame(() => done()), 300)")
    driver.save_screenshot(path)


def wait(driver, script, limit_s, *arguments):
    """Seconds until SCRIPT gives something, or None."""
    start_s = time.monotonic()
    while time.monotonic() - start_s < limit_s:
        if driver.execute_script(script, *arguments):
            return time.monotonic() - start_s
        time.sleep(0.02)
    return None
