package session

// dictionary is what claims are compressed against (bodyPrimed): texts that
// session policies, ARNs and tags are made of, the most frequent last, where they
// are cheapest to refer to. It is part of the token format and never changes:
// another one would come with another number.
const dictionary = `costCenter` + `CostCenter` + `Department` + `department` + `Environment` + `environment` + `Project` + `project` + `Application` + `Owner` + `owner` + `Team` + `team` + `production` + `staging` + `development` +
	`"aws:PrincipalOrgID":"o-` + `"aws:SourceVpce":"vpce-` + `"aws:MultiFactorAuthPresent":"true"` + `"aws:SecureTransport":"false"` + `"aws:SourceIp":["` + `"aws:CurrentTime":"20` +
	`"aws:PrincipalTag/` + `"aws:ResourceTag/` + `"aws:RequestTag/` + `${aws:PrincipalTag/` + `${aws:username}` + `${aws:userid}` + `"aws:RequestedRegion":["us-east-1","us-west-2","eu-west-1","eu-central-1"]` +
	`"s3:prefix":["` + `"s3:x-amz-acl":"bucket-owner-full-control"` + `"kms:ViaService":"s3.us-east-1.amazonaws.com"` + `"iam:PassedToService":"` + `.amazonaws.com"` +
	`{"ArnLike":{"` + `{"ArnEquals":{"` + `{"Bool":{"` + `{"IpAddress":{"` + `{"NotIpAddress":{"` + `{"DateLessThan":{"` + `{"Null":{"` + `{"NumericLessThanEquals":{"` + `{"ForAllValues:StringEquals":{"` + `{"ForAnyValue:StringLike":{"` + `{"StringNotEquals":{"` + `{"StringLike":{"` + `{"StringEquals":{"` +
	`"arn:aws:lambda:us-east-1:` + `:function:` + `"arn:aws:sns:us-east-1:` + `"arn:aws:sqs:us-east-1:` + `"arn:aws:dynamodb:us-east-1:` + `:table/` + `"arn:aws:kms:us-east-1:` + `:key/` + `"arn:aws:secretsmanager:us-east-1:` + `:secret:` + `"arn:aws:ssm:us-east-1:` + `:parameter/` +
	`"arn:aws:logs:us-east-1:` + `:log-group:` + `"arn:aws:ecr:us-east-1:` + `:repository/` + `"arn:aws:ec2:us-east-1:` + `:instance/` + `"arn:aws:sts::` + `:assumed-role/` + `"arn:aws:iam::` + `:role/` + `:user/` + `:policy/` + `arn:aws:iam::aws:policy/service-role/` +
	`arn:aws:iam::aws:policy/job-function/` + `arn:aws:iam::aws:policy/AdministratorAccess` + `arn:aws:iam::aws:policy/PowerUserAccess` + `arn:aws:iam::aws:policy/SecurityAudit` + `arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess` + `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` + `arn:aws:iam::aws:policy/AmazonS3FullAccess` + `arn:aws:iam::aws:policy/ReadOnlyAccess` +
	`"sts:TagSession","sts:AssumeRole","iam:PassRole","iam:GetRole","iam:GetUser","iam:List*","iam:Get*","cloudwatch:PutMetricData","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents","ecr:GetAuthorizationToken","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer",` +
	`"lambda:InvokeFunction","sns:Publish","sqs:SendMessage","sqs:ReceiveMessage","sqs:DeleteMessage","secretsmanager:GetSecretValue","ssm:GetParameter","ssm:GetParametersByPath","kms:Decrypt","kms:Encrypt","kms:GenerateDataKey","kms:DescribeKey",` +
	`"dynamodb:GetItem","dynamodb:PutItem","dynamodb:UpdateItem","dynamodb:DeleteItem","dynamodb:Query","dynamodb:Scan","ec2:Describe*","ec2:DescribeInstances","ec2:StartInstances","ec2:StopInstances","ec2:TerminateInstances",` +
	`"s3:ListAllMyBuckets","s3:GetBucketLocation","s3:ListBucketMultipartUploads","s3:AbortMultipartUpload","s3:ListMultipartUploadParts","s3:GetObjectVersion","s3:PutObjectAcl","s3:DeleteObject","s3:PutObject","s3:GetObject","s3:ListBucket","s3:*",` +
	"{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {\n            \"Sid\": \"\",\n            \"Effect\": \"Allow\",\n            \"Action\": [\n                \"\"\n            ],\n            \"Resource\": [\n                \"arn:aws:s3:::\n            ],\n            \"Condition\": {\n                \"\n            }\n        }\n    ]\n}" +
	`"Principal":{"AWS":"` + `"NotResource":"` + `"NotAction":["` + `"Condition":{` + `]},{"Sid":"` + `"Effect":"Deny",` + `"Resource":["arn:aws:s3:::` + `/*"],` + `"Resource":"*"}]}` +
	`{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::`
