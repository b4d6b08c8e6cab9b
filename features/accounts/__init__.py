"""What people see of single accounts: timelines, the last year, similar accounts, margins."""
