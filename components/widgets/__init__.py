"""The Streamlit pieces that the pages put together: the interactive graph, and HTML that follows the theme."""
