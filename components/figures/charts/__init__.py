"""How what is true of a trace is drawn: charts, tables, files for spreadsheets. Knows Plotly, but not Streamlit."""
