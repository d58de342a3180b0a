"""Key problems (重点问题): what proves that one is gone, the list, reminders, the use of data-fix recipes."""
