# SPDX-License-Identifier: MIT
"""What `mpfailoverctl doctor` says of a program."""

import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Doctor:
    ctl: str
    library: str

    def look_at(self, program, prefix=()):
        """Whether the library would act in PROGRAM, and its reason; PREFIX: how it is started."""
        words = [*prefix, self.ctl, "doctor", "--library", self.library, program]
        told = subprocess.run(words, capture_output=True, text=True, check=False)
        if told.returncode not in (0, 1):
            raise RuntimeError(f"doctor, of {program}: {told.returncode}, {told.stderr}")
        return told.returncode == 0, told.stdout.partition("\n")[0].removeprefix(f"{program}: ")
