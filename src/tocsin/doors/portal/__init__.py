"""What everybody may read, without log-in and without script: warnings in force and each message for good."""
