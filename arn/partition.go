package arn

// KnownPartition tells whether AWS has a partition of this name: the first
// component after "arn". Source: partitions.json of the AWS SDKs.
func KnownPartition(name string) bool {
	switch name {
	case "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc":
		return true
	}
	return false
}
