"""WHERE: the same system on AWS and on a laptop, and the command line. Imports everything."""
