"""The learning disability and autism (LDA) warehouse: from partners' files to published measures."""
