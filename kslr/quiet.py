from models.quiet import quiet_stderr as quiet_stderr
