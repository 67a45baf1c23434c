"""Load: many visitors of a server of its own, on the loopback interface and for a bounded time (``make load``).

Visitors speak Streamlit's protocol as a browser does. What they wait for, what the server spends on each action and
what it keeps are printed beside the targets.
"""
