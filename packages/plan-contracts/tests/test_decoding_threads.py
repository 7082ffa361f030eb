"""Threads that decode a contract for the first time at once do not see each other's half-made decoders."""

import subprocess
import sys

import pytest

FIRST_DECODINGS = """
import sys
import threading

from plan_contracts import decode_json, decode_msgpack, encode_json, encode_msgpack
from plan_contracts.golden_cases import valid_cases

documents = [case.document for case in valid_cases()]
encoded = [(type(each), encode_msgpack(each), encode_json(each)) for each in documents]
wrong = []
together = threading.Barrier(4)


def decode_all():
    for document, (contract, packed, text) in zip(documents, encoded):
        together.wait()
        if decode_msgpack(packed, contract) != document or decode_json(text, contract) != document:
            wrong.append(contract.__name__)


sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=decode_all) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(documents), *wrong)
"""


@pytest.mark.timeout(120)
def test_decode_first_of_each_contract_in_four_threads_at_once_gives_every_document() -> None:
    ended = subprocess.run([sys.executable, "-c", FIRST_DECODINGS], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    count, *wrong = ended.stdout.split()
    assert int(count) > 50
    assert not wrong
