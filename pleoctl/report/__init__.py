"""Pure renderers: plans, receipts, findings → text, markdown, html, json. Nothing here prints."""
