"""The parts of Autograd Lab, in the order in which a program meets them.

``source`` reads its text, ``worker`` runs it in a confined process (forked from that of ``zygote``), ``capture``
watches it there and fills a ``trace``, ``answers`` works out what else was asked, ``explanations`` puts PyTorch's
errors in plain words, ``figures`` turns the trace into pictures and ``widgets`` shows those in the browser.
"""
