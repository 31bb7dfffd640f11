package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/tokenacl/tokenacl/kmssigner/awskms"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// inMemory has keys in this process, as tests do.
func inMemory(spec string) (store, error) {
	if !slices.Contains(kmstest.Specs(), kmstest.Spec(spec)) {
		return store{}, fmt.Errorf("-spec: want one of %v", kmstest.Specs())
	}
	backend := kmstest.New(kmstest.Spec(spec))
	return store{backend, func(context.Context) error {
		backend.Point(backend.Create(kmstest.Spec(spec)))
		return nil
	}}, nil
}

// inKMS has those of AWS, or of an emulator.
func inKMS(ctx context.Context, name, endpoint string, rotate bool) (store, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return store{}, err
	}
	client := kms.NewFromConfig(cfg, func(o *kms.Options) {
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	})
	s := store{backend: awskms.New(client, name)}
	if !rotate {
		return s, nil
	}
	if !strings.HasPrefix(name, "alias/") {
		return store{}, fmt.Errorf("-rotate: it points an alias at a new key; want -key alias/NAME")
	}
	s.rotate = func(ctx context.Context) error {
		old, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &name})
		if err != nil {
			return err
		}
		made, err := client.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: old.KeyMetadata.KeySpec, KeyUsage: old.KeyMetadata.KeyUsage})
		if err != nil {
			return err
		}
		_, err = client.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: &name, TargetKeyId: made.KeyMetadata.KeyId})
		return err
	}
	return s, nil
}
