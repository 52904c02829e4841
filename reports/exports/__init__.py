"""Results for programs and for other pages: a results directory as JSON, a table, JUnit XML, Markdown or a badge."""
