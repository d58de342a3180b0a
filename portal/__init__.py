"""The portal: people, systems, tickets, faults, search, figures, pages and the API of the desk."""
