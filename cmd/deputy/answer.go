package main

import (
	"reflect"
	"slices"
	"time"

	"github.com/deputy-sts/deputy/internal/cli"
)

// memberOrder is the order in which AWS's model lists the members of answers,
// which is the order that the AWS CLI prints JSON in. The model facts are
// sorted by name, so that it must stand here. What is not named follows.
var memberOrder = map[string][]string{
	"AssumeRoleResponse":                {"Credentials", "AssumedRoleUser", "PackedPolicySize", "SourceIdentity"},
	"AssumeRoleWithSAMLResponse":        {"Credentials", "AssumedRoleUser", "PackedPolicySize", "Subject", "SubjectType", "Issuer", "Audience", "NameQualifier", "SourceIdentity"},
	"AssumeRoleWithWebIdentityResponse": {"Credentials", "SubjectFromWebIdentityToken", "AssumedRoleUser", "PackedPolicySize", "Provider", "Audience", "SourceIdentity"},
	"AssumeRootResponse":                {"Credentials", "SourceIdentity"},
	"GetCallerIdentityResponse":         {"UserId", "Account", "Arn"},
	"GetDelegatedAccessTokenResponse":   {"Credentials", "PackedPolicySize", "AssumedPrincipal"},
	"GetFederationTokenResponse":        {"Credentials", "FederatedUser", "PackedPolicySize"},
	"GetSessionTokenResponse":           {"Credentials"},
	"GetWebIdentityTokenResponse":       {"WebIdentityToken", "Expiration"},
	"AssumedRoleUser":                   {"AssumedRoleId", "Arn"},
	"Credentials":                       {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"},
	"FederatedUser":                     {"FederatedUserId", "Arn"},
}

// answer makes an operation's output into what is printed, absent members left out.
func answer(v reflect.Value) cli.Object {
	object := cli.Object{}
	for _, i := range ordered(v.Type()) {
		if field := v.Field(i); !field.IsNil() {
			object = append(object, cli.Member{Name: wireName(v.Type().Field(i)), Value: printed(field)})
		}
	}
	return object
}

// ordered returns the indexes of a structure's fields in the model's order.
func ordered(t reflect.Type) []int {
	var order []int
	for _, name := range memberOrder[t.Name()] {
		if f, ok := t.FieldByName(name); ok {
			order = append(order, f.Index[0])
		}
	}
	for i := range t.NumField() {
		if !slices.Contains(order, i) {
			order = append(order, i)
		}
	}
	return order
}

func printed(v reflect.Value) any {
	switch value := v.Interface().(type) {
	case *time.Time:
		return *value
	case time.Time, []byte:
		return value
	}
	switch v.Kind() {
	case reflect.Pointer:
		return printed(v.Elem())
	case reflect.Struct:
		return answer(v)
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = printed(v.Index(i))
		}
		return list
	}
	return v.Interface()
}
