"""Cases: files with one number, one owner, running statutory clocks and an honest end. Their kinds are declared by packs."""
