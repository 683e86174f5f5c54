package simulate

import "strings"

// callers are those who ask in cases about the layers.
var callers = []Principal{
	user(),
	{Type: "AssumedRole", Account: ours, ARN: "arn:aws:sts::" + ours + ":assumed-role/Courier/run-7", ID: "AROACOURIERQPZ7EXAMPL:run-7",
		Issuer: &Issuer{"arn:aws:iam::" + ours + ":role/Courier", "AROACOURIERQPZ7EXAMPL"}},
	{Type: "FederatedUser", Account: ours, ARN: "arn:aws:sts::" + ours + ":federated-user/guest", ID: ours + ":guest",
		Issuer: &Issuer{"arn:aws:iam::" + ours + ":user/broker", "AIDABROKERQPZ7EXAMPLE"}},
	{Type: "Root", Account: ours, ARN: "arn:aws:iam::" + ours + ":root", ID: ours},
	{Type: "AssumedRole", Account: ours, ARN: "arn:aws:sts::" + ours + ":assumed-role/AWSServiceRoleForX/s", ID: "AROASERVICEQPZ7EXAMPL:s",
		Issuer: &Issuer{"arn:aws:iam::" + ours + ":role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX", "AROASERVICEQPZ7EXAMPL"}},
	{Type: "Service", Service: "ec2.amazonaws.com"},
	{Type: "Anonymous"},
}

// goals are what they ask for.
var goals = [][2]string{
	{"s3:GetObject", "arn:aws:s3:::ledger/q2.csv"}, {"s3:GetObject", "arn:aws:s3:::ledger/q2.csv"}, {"sqs:SendMessage", "arn:aws:sqs:eu-west-1:ACCOUNT:orders"},
	{"sts:AssumeRole", "arn:aws:iam::ACCOUNT:role/Deployer"}, {"sts:TagSession", "arn:aws:iam::ACCOUNT:role/Deployer"}, {"iam:GetUser", "arn:aws:iam::ACCOUNT:user/nikhil"},
	{"kms:Decrypt", "arn:aws:kms:eu-west-1:ACCOUNT:key/11112222-3333-4444-5555-666677778888"}, {"sts:GetCallerIdentity", "*"}, {"sts:GetSessionToken", "*"},
}

// layers makes a case about who has to allow, and who may deny.
func (g generator) layers() Case {
	goal := pick(g, goals)
	owner := ours
	if g.chance(30) {
		owner = theirs
	}
	c := Case{Request: Request{Principal: g.caller(), Action: goal[0], Resource: Resource{strings.Replace(goal[1], "ACCOUNT", owner, 1), owner},
		Context: map[string][]string{"aws:SecureTransport": {pick(g, []string{"true", "false"})}}}}
	kind := c.Request.Principal.Type
	signed := kind != "Service" && kind != "Anonymous"
	p := &c.Policies
	if signed && g.chance(80) {
		p.Identity = append(p.Identity, g.about(c.Request, 75, 15))
	}
	if g.chance(60) && goal[1] != "*" {
		d := g.granting(c.Request)
		p.Resource = &d
	}
	if (kind == "User" || kind == "AssumedRole") && g.chance(30) {
		d := g.about(c.Request, 60, 15)
		p.Boundary = &d
	}
	if (kind == "AssumedRole" || kind == "FederatedUser") && g.chance(40) {
		p.Session = append(p.Session, g.about(c.Request, 60, 15))
	}
	if signed && g.chance(25) {
		for range 1 + g.IntN(2) {
			p.SCPs = append(p.SCPs, []Document{g.about(c.Request, 75, 15)})
		}
	}
	if g.chance(20) {
		service, _, _ := strings.Cut(goal[0], ":")
		d := Document{Version: "2012-10-17", Statement: statements{{Effect: "Deny", Principal: principals{"*": nil}, Action: values{service + ":*"},
			Resource: values{"*"}, Condition: g.tls()}}}
		p.RCPs = [][]Document{{d}}
	}
	return c
}

func (g generator) caller() Principal {
	p := pick(g, callers)
	if g.chance(40) {
		p = pick(g, callers[:2])
	}
	return p
}

// about is a document that allows the request by that chance and denies it by
// that; a Deny may ask for a connection without TLS.
func (g generator) about(r Request, allow, deny int) Document {
	d := Document{Version: "2012-10-17"}
	effect := func(e string) Statement {
		return Statement{Effect: e, Action: g.actions(r.Action), Resource: values{pick(g, []string{"*", r.Resource.ARN})}}
	}
	if g.chance(allow) {
		d.Statement = append(d.Statement, effect("Allow"))
	}
	if g.chance(deny) {
		s := effect("Deny")
		s.Condition = g.tls()
		d.Statement = append(d.Statement, s)
	}
	if len(d.Statement) == 0 {
		d.Statement = append(d.Statement, Statement{Effect: "Allow", Action: values{"ec2:RunInstances"}, Resource: values{"*"}})
	}
	return d
}

func (g generator) actions(name string) values { return values{pick(g, []string{"*", name, name})} }

func (g generator) tls() map[string]map[string]values {
	if g.chance(50) {
		return nil
	}
	return map[string]map[string]values{"Bool": {"aws:SecureTransport": {"false"}}}
}

// granting is a resource policy: a trust policy if a role is asked for.
func (g generator) granting(r Request) Document {
	d := Document{Version: "2012-10-17"}
	for range 1 + g.IntN(2) {
		s := Statement{Effect: "Allow", Action: values{r.Action}}
		if g.chance(20) {
			s.Effect = "Deny"
			s.Condition = g.tls()
		}
		if r.Action != "sts:AssumeRole" && r.Action != "sts:TagSession" {
			s.Resource = values{r.Resource.ARN}
		}
		p := g.named(r.Principal)
		if s.Effect == "Deny" && g.chance(20) && p["AWS"] != nil {
			s.NotPrincipal = p
		} else {
			s.Principal = p
		}
		d.Statement = append(d.Statement, s)
	}
	return d
}

// named is the caller in one of the ways to name it, or somebody else.
func (g generator) named(p Principal) principals {
	list := []string{"*", "arn:aws:iam::" + ours + ":root", ours, theirs, "arn:aws:iam::" + ours + ":user/nikhil"}
	if p.ARN != "" {
		list = append(list, p.ARN, p.ARN, p.ARN)
	}
	if p.Issuer != nil {
		list = append(list, p.Issuer.ARN, p.Issuer.ARN, p.Issuer.ARN)
	}
	if p.Type == "User" && g.chance(10) {
		list = append(list, p.ID, p.ID)
	}
	if p.Service != "" && g.chance(60) {
		return principals{"Service": {pick(g, []string{p.Service, "lambda.amazonaws.com"})}}
	}
	return principals{"AWS": {pick(g, list)}}
}
