module github.com/deputy-sts/deputy/interop/simulate

go 1.26.6
