// Package awskms is the [kmssigner.Backend] of AWS KMS, through the AWS SDK.
//
// A role that signs needs kms:DescribeKey, kms:GetPublicKey and kms:Sign on the
// keys that the name stands for, now and before a rotation; one that verifies
// locally only the first two, and kms:Verify to do so remotely. With HMAC keys the
// actions are kms:DescribeKey, kms:GenerateMac and kms:VerifyMac:
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [{
//	    "Effect": "Allow",
//	    "Action": ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"],
//	    "Resource": ["arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"]
//	  }]
//	}
package awskms
