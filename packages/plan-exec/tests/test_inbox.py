"""What wakes the dispatcher."""

import signal
import threading

import pytest

from plan_exec.inbox import Interruption, QueueInbox


@pytest.mark.timeout(30)
def test_inbox_without_a_time_gives_the_interrupt_that_another_thread_was_sent() -> None:
    inbox = QueueInbox()
    before = signal.signal(signal.SIGUSR1, lambda _number, _frame: inbox.put(Interruption()))
    ask = threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGUSR1))
    try:
        ask.start()
        while (message := inbox.get(None)) is None:
            pass
    finally:
        ask.join()
        signal.signal(signal.SIGUSR1, before)

    assert isinstance(message, Interruption)
