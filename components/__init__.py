"""The parts of Autograd Lab, in the order in which a program meets them.

``language`` says what a program may say, ``worker`` runs it in a confined process, ``capture`` watches it there and
fills a ``trace``, ``explanations`` puts PyTorch's errors in plain words, ``figures`` turns the trace into pictures and
``widgets`` shows those in the browser.
"""
