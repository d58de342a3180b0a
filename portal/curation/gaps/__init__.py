"""What the knowledge base does not answer: gathered from what people asked in vain, grouped, and followed
until it is asked less."""
