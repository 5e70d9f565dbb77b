"""What the chaos runs do: one file a row, or a pair of rows, of the table of promises."""
