/** The command line's front door: finds the command, runs it, and turns what it throws into words and an exit code. */

process.stderr.write('innerloop: no command is built yet.\n');
process.exitCode = 1;
