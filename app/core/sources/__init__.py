"""What other systems deliver: a contract for each source, how its rows are read, and how good what came is.

Nothing here opens a file or a connection. `contracts` says what a source holds; the module of a source makes records
of its rows; `report` counts what became of them; `quality` judges what is stored.
"""
