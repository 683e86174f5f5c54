// Package cli owns what the two programs have in common at the terminal: how
// they speak (`name: error: what`, `name: hint: what to do`, on stderr), how
// they end (Exit), where a setting comes from (flag, environment, config file,
// default), how answers are printed (json and text as the AWS CLI prints
// them), and that nothing a server sent can steer the terminal (Sanitize).
//
// What a command does, and which flags it has, is the matter of the program.
package cli
