"""Review of a workspace by people: session, queue, spreadsheets, and learning from decisions."""
