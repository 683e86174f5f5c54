package main

// operationTexts say what an operation is for.
var operationTexts = map[string]string{
	"AssumeRole":                 "get temporary credentials of a role",
	"AssumeRoleWithSAML":         "get temporary credentials of a role for a SAML assertion",
	"AssumeRoleWithWebIdentity":  "get temporary credentials of a role for an OpenID Connect token",
	"AssumeRoot":                 "get short credentials for one task as a member account's root",
	"DecodeAuthorizationMessage": "read the encoded message of a denied request",
	"GetAccessKeyInfo":           "get the account that an access key id belongs to",
	"GetCallerIdentity":          "tell who the credentials belong to",
	"GetDelegatedAccessToken":    "trade a delegation token in for temporary credentials",
	"GetFederationToken":         "get temporary credentials for a user of your own",
	"GetSessionToken":            "get temporary credentials of yourself, with MFA if given",
	"GetWebIdentityToken":        "get a signed token that tells others who you are",
}

// memberTexts say what a parameter is for.
var memberTexts = map[string]string{
	"AccessKeyId":             "access key id to look up",
	"Audience":                "who the token is for; several, with space between",
	"DurationSeconds":         "how long it is good for, in seconds",
	"EncodedMessage":          "the message from the error",
	"ExternalId":              "the identifier that the role's trust policy asks of third parties",
	"MinimumSessionTokenSize": "pad the session token to so many bytes",
	"Name":                    "name of the federated user",
	"Policy":                  "session policy, as JSON or file://",
	"PolicyArns":              "managed session policies: arn=ARN, with space between",
	"PrincipalArn":            "ARN of the SAML provider",
	"ProvidedContexts":        "ProviderArn=ARN,ContextAssertion=TEXT, with space between",
	"ProviderId":              "host of an OAuth 2.0 provider; not for OpenID Connect",
	"RoleArn":                 "ARN of the role",
	"RoleSessionName":         "name of the session, shown in ARNs and trails",
	"SAMLAssertion":           "the assertion, in base64",
	"SerialNumber":            "serial number or ARN of the MFA device",
	"SigningAlgorithm":        "RS256 or ES384",
	"SourceIdentity":          "who is behind the session; it stays through role chains",
	"Tags":                    "tags: Key=K,Value=V, with space between",
	"TargetPrincipal":         "account id or root ARN of the member account",
	"TaskPolicyArn":           "the task's policy: arn=ARN",
	"TokenCode":               "code of the MFA device",
	"TradeInToken":            "the token to trade in",
	"TransitiveTagKeys":       "keys of tags that role chains keep, with space between",
	"WebIdentityToken":        "the provider's token, or file:// and a file of it",
}

// example is one use of an operation.
func example(operation string) string {
	const role = "--role-arn arn:aws:iam::111122223333:role/demo "
	arguments := map[string]string{
		"AssumeRole":                 role + "--role-session-name me --external-id X --tags Key=team,Value=a Key=stage,Value=test",
		"AssumeRoleWithSAML":         role + "--principal-arn arn:aws:iam::111122223333:saml-provider/idp --saml-assertion file://assertion.b64",
		"AssumeRoleWithWebIdentity":  role + "--role-session-name ci --web-identity-token file://token",
		"AssumeRoot":                 "--target-principal 111122223333 --task-policy-arn arn=arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
		"DecodeAuthorizationMessage": "--encoded-message TEXT",
		"GetAccessKeyInfo":           "--access-key-id AKIA…",
		"GetCallerIdentity":          "--output text",
		"GetDelegatedAccessToken":    "--trade-in-token file://token",
		"GetFederationToken":         "--name bob --policy file://policy.json",
		"GetSessionToken":            "--duration-seconds 3600 --serial-number arn:aws:iam::111122223333:mfa/me --token-code 123456",
		"GetWebIdentityToken":        "--audience https://api.example.com --signing-algorithm ES384",
	}[operation]
	return "  deputy sts " + kebab(operation) + " " + arguments
}
