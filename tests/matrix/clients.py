# SPDX-License-Identifier: MIT
"""The matrix's rows: every client, and how its user calls it."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"
JAVA = ("/usr/bin/java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")


@dataclass(frozen=True)
class Answer:
    seconds: float
    text: str  # all that it said
    status: int = 0

    @property
    def site(self):
        """Who has answered, if somebody has and the client was content."""
        found = [site for site in ("site-a", "site-b") if site in self.text]
        return found[0] if self.status == 0 and len(found) == 1 else None


@dataclass(frozen=True)
class Client:
    """A row.  In `command` {host} is what to connect to, {built} and {work} are directories."""

    name: str
    command: list
    needs: str = ""  # a file without which there is no such client; default: the program
    proof: str = ""  # what it says when it has reached a site that does not say its own name
    status: int = 0
    environment: dict = field(default_factory=dict)
    held_input: bool = False  # it ends with its standard input
    real_root: bool = False  # its server gives up root, which only the machine's own can
    many: bool = False  # one process asks all hosts, and prints "MILLISECONDS ANSWER" for each

    def program(self, places):
        """What the connections are made by, or is started for that."""
        word = self.needs if self.command[0] == "/bin/sh" else self.command[0]
        return word.format(host="", **places)

    def missing(self, places):
        """What it needs and does not find, or ""."""
        program = (self.needs or self.command[0]).format(host="", **places)
        if not os.path.exists(program):
            return program
        with open("/proc/self/setgroups", encoding="ascii") as setgroups:
            return "root" if self.real_root and setgroups.read() != "allow\n" else ""

    def ask(self, hosts, places, environment, limit_s):
        """An Answer from each of HOSTS."""
        if not self.many:
            return [self._run([host], places, environment, limit_s) for host in hosts]
        told = self._run(hosts, places, environment, limit_s * len(hosts))
        lines = [line.partition(" ") for line in told.text.splitlines() if line[:1].isdigit()]
        answers = [Answer(int(taken) / 1000, text) for taken, _, text in lines]
        return answers + [Answer(limit_s, told.text or "no answer", 1)] * (len(hosts) - len(answers))

    def _run(self, hosts, places, environment, limit_s):
        words = [word.format(host=hosts[0], **places) for word in self.command]
        held, holder = os.pipe() if self.held_input else (subprocess.DEVNULL, None)
        begin = time.monotonic()
        with subprocess.Popen(
            words + hosts[1:],
            stdin=held,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment, **self.environment},
            cwd=places["work"],
            start_new_session=True,
        ) as process:
            try:
                text = process.communicate(timeout=limit_s)[0].decode(errors="replace")
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                text = process.communicate()[0].decode(errors="replace") + f"(ended after {limit_s:.2f} s)"
        taken = time.monotonic() - begin
        if holder:
            os.close(held)
            os.close(holder)
        if self.proof and self.proof in text:
            text += "site-a"
        return Answer(taken, text, process.returncode - self.status)


def script(interpreter, file):
    """Clients that are written in INTERPRETER's language, in FILE, by their first argument."""

    def client(name, how, **more):
        return Client(name, [interpreter, f"{HERE}/clients/{file}", how, "{host}"], **more)

    return client


def java(how):
    return Client(
        f"Java {how}",
        [*JAVA, "-cp", "{built}", "Ask", how, "{host}"],
        needs="{built}/Ask.class",
        many=True,
    )


def shell(name, words, needs, **more):
    """WORDS use $1 for the host."""
    return Client(name, ["/bin/sh", "-c", words, "sh", "{host}"], needs=needs, **more)


python = script(PYTHON, "ask.py")
perl = script("/usr/bin/perl", "ask.pl")
php = script("/usr/bin/php", "ask.php")
ruby = script("/usr/bin/ruby", "ask.rb")
node = script("/usr/bin/node", "ask.js")
SOAP_LITE = "/usr/share/perl5/SOAP/Lite.pm"
LWP = "/usr/share/perl5/LWP/UserAgent.pm"

CLIENTS = [
    Client("curl", ["/usr/bin/curl", "-sS", "http://{host}/"]),
    shell(
        "git over http",
        'rm -rf clone && git clone -q "http://$1/repository.git" clone && cat clone/page',
        "/usr/bin/git",
        environment={"GIT_TERMINAL_PROMPT": "0"},
    ),
    Client("wget", ["/usr/bin/wget", "-q", "-t", "1", "-O", "-", "http://{host}/"]),
    Client("wget -T", ["/usr/bin/wget", "-q", "-t", "1", "-T", "10", "-O", "-", "http://{host}/"]),
    python("Python socket", "socket"),
    python("Python requests", "requests"),
    python("Python asyncio", "asyncio"),
    perl("Perl IO::Socket::INET", "IO::Socket::INET"),
    perl("Perl LWP", "LWP", needs=LWP),
    perl("Perl SOAP::Lite", "SOAP::Lite", needs=SOAP_LITE),
    php("PHP streams", "streams"),
    php("PHP SoapClient", "SoapClient"),
    php("PHP ext/curl", "curl"),
    php("PHP ext/sockets", "sockets"),
    java("HttpURLConnection"),
    java("HttpClient"),
    java("Socket"),
    node("Node http", "http"),
    node("Node fetch", "fetch"),
    ruby("Ruby Net::HTTP", "Net::HTTP"),
    ruby("Ruby Socket.tcp", "Socket.tcp"),
    Client("gSOAP", ["{built}/label", "http://{host}/label"]),
    Client("lftp", ["/usr/bin/lftp", "-c", "set net:max-retries 1; open ftp://{host}; cat page"]),
    Client("tnftp", ["/usr/bin/tnftp", "-V", "-o", "-", "ftp://{host}/page"]),
    Client("telnet", ["/usr/bin/telnet", "{host}", "23"], held_input=True),
    Client("nc (OpenBSD)", ["/usr/bin/nc.openbsd", "{host}", "23"]),
    Client("nc (traditional)", ["/usr/bin/nc.traditional", "{host}", "23"]),
    shell(
        "openssl s_client",
        'printf "GET / HTTP/1.0\\r\\n\\r\\n" | openssl s_client -quiet -connect "$1:443" '
        "-servername $NAME -verify_hostname $NAME -verify_return_error -CAfile ca.pem",
        "/usr/bin/openssl",
    ),
    Client("socat", ["/usr/bin/socat", "-u", "TCP:{host}:23", "STDOUT"]),
    Client("psql", ["/usr/bin/psql", "-XAt", "-h", "{host}", "-U", "user", "-d", "shop", "-c", "select site()"]),
    Client("redis-cli", ["/usr/bin/redis-cli", "-h", "{host}", "get", "site"]),
    Client(
        "ssh",
        ["/usr/bin/ssh", "-F", "none", "-oUserKnownHostsFile={work}/known_hosts", "-oStrictHostKeyChecking=yes"]
        + ["-oHostKeyAlias=site", "-oPreferredAuthentications=none", "-oBatchMode=yes", "{host}"],
        proof="Permission denied",  # only a host whose key is known gets so far
        status=255,
    ),
    shell(
        "rsync",
        'rm -f copy && rsync -q "rsync://$1/site/page" copy && cat copy',
        "/usr/bin/rsync",
        real_root=True,
    ),
    Client("Rust std", ["{built}/ask-rust", "{host}"]),
    Client("C, gethostbyname", ["{built}/fetch", "gethostbyname", "{host}", "80"]),
    Client("C, gethostbyname, -m32", ["{built}/fetch-m32", "gethostbyname", "{host}", "80"]),
    Client("C, gethostbyname, musl", ["{built}/fetch-musl", "gethostbyname", "{host}", "80"]),
]
