"""Files of others, read strictly: each row that is in a file comes out, or the file is refused."""
