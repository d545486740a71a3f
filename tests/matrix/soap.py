# SPDX-License-Identifier: MIT
"""A label service as carriers have it: SOAP 1.1, rpc/encoded, with a WSDL.

As a program: soap.py PORT FILE, the service alone on 127.0.0.1, for web servers in front of it.  What they call themselves
in X-Site is printed on the label.  While it works on a consignment that is called "HELD..." that name stands in FILE, and it
waits until somebody takes FILE away.
"""

import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">
<soap:Body><n:makeLabelResponse xmlns:n="urn:label"><label xsi:type="xsd:string">{label}</label></n:makeLabelResponse>
</soap:Body></soap:Envelope>
"""


def wsdl(location):
    """The description, for a client that reached it at LOCATION."""
    return Path(__file__).with_name("label.wsdl").read_text(encoding="utf-8").replace("@LOCATION@", location)


def label(consignment, site):
    """For a thermal printer."""
    return f"^XA^FO40,40^FD{consignment}^FS^FO40,90^FD{site}^FS^XZ"


def reply(request, site):
    """The answer to the envelope REQUEST, or None: not understood."""
    found = re.search(r"<(?:\w+:)?consignment\b[^>]*>([^<]*)<", request)
    return ENVELOPE.format(label=label(found[1], escape(site))) if found else None


class Service(BaseHTTPRequestHandler):
    """GET: the description.  POST: a label."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    scheme = "http"

    def site(self):
        return self.headers.get("X-Site", "")

    def do_GET(self):
        host = self.headers.get("Host", "")
        self.answer(200, wsdl(f"{self.headers.get('X-Scheme', self.scheme)}://{host}/label"), "text/xml")

    def read_request(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def do_POST(self):
        request = self.read_request()
        text = reply(request, self.site())
        self.answer(200 if text else 400, text or "not a label\n", "text/xml; charset=utf-8")

    def answer(self, status, text, kind="text/plain"):
        body = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Backend(Service):
    """One that can be held."""

    def read_request(self):
        request = super().read_request()
        if ">HELD" in request:
            held = Path(sys.argv[2])
            held.with_suffix(".new").write_text(self.site(), encoding="ascii")
            held.with_suffix(".new").rename(held)
            while held.exists():
                time.sleep(0.002)
        return request


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # no connection waits for its second try


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Backend).serve_forever()
