package awsdata

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
)

//go:embed data/regions.json
var regionsFile []byte

type regionIndex struct {
	partition map[string]string // by region
	sorted    []string
}

var regions = sync.OnceValue(func() *regionIndex {
	var partitions map[string][]string
	if err := json.Unmarshal(regionsFile, &partitions); err != nil {
		panic("awsdata: regions.json: " + err.Error())
	}
	index := &regionIndex{partition: map[string]string{}}
	for partition, names := range partitions {
		for _, name := range names {
			index.partition[name] = partition
			index.sorted = append(index.sorted, name)
		}
	}
	slices.Sort(index.sorted)
	return index
})

// IsRegion tells whether AWS has a region of this name in any partition.
func IsRegion(name string) bool {
	_, ok := regions().partition[name]
	return ok
}

// everybodys are the regions of the aws partition that every account has; the
// others must be opted into.
//
// Source: AWS Account Management Reference Guide, manage-acct-regions.
var everybodys = [...]string{
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
	"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
	"us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

// OptIn tells whether a region is one of AWS's that an account must opt into.
func OptIn(region string) bool {
	return PartitionOf(region) == "aws" && !slices.Contains(everybodys[:], region)
}

// PartitionOf returns the partition of a region ("aws-cn" of "cn-north-1"),
// and "" for a name that is none of AWS's.
func PartitionOf(region string) string { return regions().partition[region] }

// Regions returns the regions of all partitions, sorted. The slice is shared.
func Regions() []string { return regions().sorted }
