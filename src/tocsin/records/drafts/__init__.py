"""What somebody typed and could not send: kept for its account and form, offered again, gone after two weeks. And which forms
came already, so that one pressed twice acts once."""
