"""What a person sees: the pages, the course and the command line. It knows Streamlit, never torch."""
