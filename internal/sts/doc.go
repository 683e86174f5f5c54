// Package sts is the Security Token Service: one file for each of its actions.
//
// It owns what the actions mean: the order of the checks of AssumeRole, the rules
// of session tags and source identity, durations, and the one place that every
// issued credential comes from (issue.go). It leaves decoding and the limits of
// single members to query and stsapi, decisions and their record to authz, and
// the form of a token to session.
package sts
