"""The vocabulary as frozen types. One noun a file; GLOSSARY.md says what each word means."""
