"""Writing rows to files that an import reads back: CSV, XLSX, JSONL, Markdown; and articles as rows.

Who may have which rows is decided above. The invariant: no cell can run as a formula, and what an
import reads from an export is what was exported.
"""
