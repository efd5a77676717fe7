"""What a person has at hand who reviews a workspace: the session, its queue, spreadsheets, and what decisions teach."""
