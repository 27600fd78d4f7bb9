"""The pages. Each is one module with its view model and handlers, and its template beside it."""
