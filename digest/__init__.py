"""digest mails each reader, every day, the few new research papers that matter to them. Read `pipeline` first."""
