"""Who should be treated: customers on whom a treatment has more effect than on others."""
