/*
 * What SAM's policy templates allow (D: SAM Developer Guide, policy template list, where each is printed in full).
 * Written short: the service stands once before the actions, `arn:<partition>:` before every resource but one that is
 * a parameter itself, `:@:` is the region and account, and `${tableName}` is the template's parameter TableName.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
 */

export interface TemplateStatement {
  /** `s3:GetObject PutObject`. */
  readonly actions: string;
  /** Whether Action is written as a text instead of a list. */
  readonly isOneAction: boolean;
  readonly on: string | readonly string[];
  readonly when?: { readonly operator: string; readonly key: string; readonly value: string };
}

function allow(actions: string, on: TemplateStatement["on"], when?: TemplateStatement["when"]): TemplateStatement {
  return { actions, isOneAction: false, on, ...(when && { when }) };
}

function allowOne(action: string, on: TemplateStatement["on"]): TemplateStatement {
  return { actions: action, isOneAction: true, on };
}

export const TEMPLATE_STATEMENTS: Readonly<Record<string, readonly TemplateStatement[]>> = {
  AMIDescribePolicy: [allow("ec2:DescribeImages", "*")],
  AWSSecretsManagerGetSecretValuePolicy: [allow("secretsmanager:GetSecretValue", "=${secretArn}")],
  AWSSecretsManagerRotationPolicy: [
    allow(
      "secretsmanager:DescribeSecret GetSecretValue PutSecretValue UpdateSecretVersionStage",
      "secretsmanager:@:secret:*",
      {
        operator: "StringEquals",
        key: "secretsmanager:resource/AllowRotationLambdaArn",
        value: "lambda:@:function:${functionName}",
      },
    ),
    allow("secretsmanager:GetRandomPassword", "*"),
  ],
  AcmGetCertificatePolicy: [allow("acm:GetCertificate", "=${certificateArn}")],
  AthenaQueryPolicy: [
    allow(
      "athena:ListWorkGroups GetExecutionEngine GetExecutionEngines GetNamespace GetCatalogs GetNamespaces GetTables GetTable",
      "*",
    ),
    allow(
      "athena:StartQueryExecution GetQueryResults DeleteNamedQuery GetNamedQuery ListQueryExecutions StopQueryExecution GetQueryResultsStream ListNamedQueries CreateNamedQuery GetQueryExecution BatchGetNamedQuery BatchGetQueryExecution GetWorkGroup",
      "athena:@:workgroup/${workgroupName=WorkGroupName}",
    ),
  ],
  CloudFormationDescribeStacksPolicy: [allow("cloudformation:DescribeStacks", "cloudformation:@:stack/*")],
  CloudWatchDashboardPolicy: [allow("cloudwatch:GetDashboard ListDashboards PutDashboard ListMetrics", "*")],
  CloudWatchDescribeAlarmHistoryPolicy: [allow("cloudwatch:DescribeAlarmHistory", "*")],
  CloudWatchPutMetricPolicy: [allow("cloudwatch:PutMetricData", "*")],
  CodeCommitCrudPolicy: [
    allow(
      "codecommit:GitPull GitPush CreateBranch DeleteBranch GetBranch ListBranches MergeBranchesByFastForward MergeBranchesBySquash MergeBranchesByThreeWay UpdateDefaultBranch BatchDescribeMergeConflicts CreateUnreferencedMergeCommit DescribeMergeConflicts GetMergeCommit GetMergeOptions BatchGetPullRequests CreatePullRequest DescribePullRequestEvents GetCommentsForPullRequest GetCommitsFromMergeBase GetMergeConflicts GetPullRequest ListPullRequests MergePullRequestByFastForward MergePullRequestBySquash MergePullRequestByThreeWay PostCommentForPullRequest UpdatePullRequestDescription UpdatePullRequestStatus UpdatePullRequestTitle DeleteFile GetBlob GetFile GetFolder PutFile DeleteCommentContent GetComment GetCommentsForComparedCommit PostCommentForComparedCommit PostCommentReply UpdateComment BatchGetCommits CreateCommit GetCommit GetCommitHistory GetDifferences GetObjectIdentifier GetReferences GetTree GetRepository UpdateRepositoryDescription ListTagsForResource TagResource UntagResource GetRepositoryTriggers PutRepositoryTriggers TestRepositoryTriggers GetBranch GetCommit UploadArchive GetUploadArchiveStatus CancelUploadArchive",
      "codecommit:@:${repositoryName}",
    ),
  ],
  CodeCommitReadPolicy: [
    allow(
      "codecommit:GitPull GetBranch ListBranches BatchDescribeMergeConflicts DescribeMergeConflicts GetMergeCommit GetMergeOptions BatchGetPullRequests DescribePullRequestEvents GetCommentsForPullRequest GetCommitsFromMergeBase GetMergeConflicts GetPullRequest ListPullRequests GetBlob GetFile GetFolder GetComment GetCommentsForComparedCommit BatchGetCommits GetCommit GetCommitHistory GetDifferences GetObjectIdentifier GetReferences GetTree GetRepository ListTagsForResource GetRepositoryTriggers TestRepositoryTriggers GetBranch GetCommit GetUploadArchiveStatus",
      "codecommit:@:${repositoryName}",
    ),
  ],
  CodePipelineLambdaExecutionPolicy: [allow("codepipeline:PutJobSuccessResult PutJobFailureResult", "*")],
  CodePipelineReadOnlyPolicy: [
    allow("codepipeline:ListPipelineExecutions", "codepipeline:@:${pipelinename=PipelineName}"),
  ],
  ComprehendBasicAccessPolicy: [
    allow(
      "comprehend:BatchDetectKeyPhrases DetectDominantLanguage DetectEntities BatchDetectEntities DetectKeyPhrases DetectSentiment BatchDetectDominantLanguage BatchDetectSentiment",
      "*",
    ),
  ],
  CostExplorerReadOnlyPolicy: [
    allow(
      "ce:GetCostAndUsage GetDimensionValues GetReservationCoverage GetReservationPurchaseRecommendation GetReservationUtilization GetTags",
      "*",
    ),
  ],
  DynamoDBBackupFullAccessPolicy: [
    allow("dynamodb:CreateBackup DescribeContinuousBackups", "dynamodb:@:table/${tableName}"),
    allow("dynamodb:DeleteBackup DescribeBackup ListBackups", "dynamodb:@:table/${tableName}/backup/*"),
  ],
  DynamoDBCrudPolicy: [
    allow(
      "dynamodb:GetItem DeleteItem PutItem Scan Query UpdateItem BatchWriteItem BatchGetItem DescribeTable ConditionCheckItem",
      ["dynamodb:@:table/${tableName}", "dynamodb:@:table/${tableName}/index/*"],
    ),
  ],
  DynamoDBReadPolicy: [
    allow("dynamodb:GetItem Scan Query BatchGetItem DescribeTable", [
      "dynamodb:@:table/${tableName}",
      "dynamodb:@:table/${tableName}/index/*",
    ]),
  ],
  DynamoDBReconfigurePolicy: [allow("dynamodb:UpdateTable", "dynamodb:@:table/${tableName}")],
  DynamoDBRestoreFromBackupPolicy: [
    allow("dynamodb:RestoreTableFromBackup", "dynamodb:@:table/${tableName}/backup/*"),
    allow("dynamodb:PutItem UpdateItem DeleteItem GetItem Query Scan BatchWriteItem", "dynamodb:@:table/${tableName}"),
  ],
  DynamoDBStreamReadPolicy: [
    allow("dynamodb:DescribeStream GetRecords GetShardIterator", "dynamodb:@:table/${tableName}/stream/${streamName}"),
    allow("dynamodb:ListStreams", "dynamodb:@:table/${tableName}/stream/*"),
  ],
  DynamoDBWritePolicy: [
    allow("dynamodb:PutItem UpdateItem BatchWriteItem", [
      "dynamodb:@:table/${tableName}",
      "dynamodb:@:table/${tableName}/index/*",
    ]),
  ],
  EC2CopyImagePolicy: [allow("ec2:CopyImage", "ec2:@:image/${imageId}")],
  EC2DescribePolicy: [allow("ec2:DescribeRegions DescribeInstances", "*")],
  EFSWriteAccessPolicy: [
    allow("elasticfilesystem:ClientMount ClientWrite", "elasticfilesystem:@:file-system/${FileSystem}", {
      operator: "StringEquals",
      key: "elasticfilesystem:AccessPointArn",
      value: "elasticfilesystem:@:access-point/${AccessPoint}",
    }),
  ],
  EKSDescribePolicy: [allow("eks:DescribeCluster ListClusters", "*")],
  EcsRunTaskPolicy: [allow("ecs:RunTask", "ecs:@:task-definition/${taskDefinition}")],
  ElasticMapReduceAddJobFlowStepsPolicy: [
    allowOne("elasticmapreduce:AddJobFlowSteps", "elasticmapreduce:@:cluster/${clusterId}"),
  ],
  ElasticMapReduceCancelStepsPolicy: [
    allowOne("elasticmapreduce:CancelSteps", "elasticmapreduce:@:cluster/${clusterId}"),
  ],
  ElasticMapReduceModifyInstanceFleetPolicy: [
    allow("elasticmapreduce:ModifyInstanceFleet ListInstanceFleets", "elasticmapreduce:@:cluster/${clusterId}"),
  ],
  ElasticMapReduceModifyInstanceGroupsPolicy: [
    allow("elasticmapreduce:ModifyInstanceGroups ListInstanceGroups", "elasticmapreduce:@:cluster/${clusterId}"),
  ],
  ElasticMapReduceSetTerminationProtectionPolicy: [
    allowOne("elasticmapreduce:SetTerminationProtection", "elasticmapreduce:@:cluster/${clusterId}"),
  ],
  ElasticMapReduceTerminateJobFlowsPolicy: [
    allowOne("elasticmapreduce:TerminateJobFlows", "elasticmapreduce:@:cluster/${clusterId}"),
  ],
  ElasticsearchHttpPostPolicy: [allow("es:ESHttpPost ESHttpPut", "es:@:domain/${domainName}/*")],
  EventBridgePutEventsPolicy: [allowOne("events:PutEvents", "events:@:event-bus/${eventBusName}")],
  FilterLogEventsPolicy: [allow("logs:FilterLogEvents", "logs:@:log-group:${logGroupName}:log-stream:*")],
  FirehoseCrudPolicy: [
    allow(
      "firehose:CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream PutRecord PutRecordBatch UpdateDestination",
      "firehose:@:deliverystream/${deliveryStreamName}",
    ),
  ],
  FirehoseWritePolicy: [allow("firehose:PutRecord PutRecordBatch", "firehose:@:deliverystream/${deliveryStreamName}")],
  KMSDecryptPolicy: [allowOne("kms:Decrypt", "kms:@:key/${keyId}")],
  KMSEncryptPolicy: [allowOne("kms:Encrypt", "kms:@:key/${keyId}")],
  KMSEncryptPolicy_v2: [
    allow(
      "kms:Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext",
      "kms:@:key/${keyId}",
    ),
  ],
  KinesisCrudPolicy: [
    allow(
      "kinesis:AddTagsToStream CreateStream DecreaseStreamRetentionPeriod DeleteStream DescribeStream DescribeStreamSummary GetShardIterator IncreaseStreamRetentionPeriod ListTagsForStream MergeShards PutRecord PutRecords SplitShard RemoveTagsFromStream",
      "kinesis:@:stream/${streamName}",
    ),
  ],
  KinesisStreamReadPolicy: [
    allow("kinesis:ListStreams DescribeLimits", "kinesis:@:stream/*"),
    allow("kinesis:DescribeStream DescribeStreamSummary GetRecords GetShardIterator", "kinesis:@:stream/${streamName}"),
  ],
  LambdaInvokePolicy: [allow("lambda:InvokeFunction", "lambda:@:function:${functionName}*")],
  MobileAnalyticsWriteOnlyAccessPolicy: [allow("mobileanalytics:PutEvents", "*")],
  OrganizationsListAccountsPolicy: [allow("organizations:ListAccounts", "*")],
  PinpointEndpointAccessPolicy: [
    allow(
      "mobiletargeting:GetEndpoint UpdateEndpoint UpdateEndpointsBatch",
      "mobiletargeting:@:apps/${pinpointApplicationId}/endpoints/*",
    ),
  ],
  PollyFullAccessPolicy: [
    allow("polly:GetLexicon DeleteLexicon", ["polly:@:lexicon/${lexiconName}"]),
    allow("polly:DescribeVoices ListLexicons PutLexicon SynthesizeSpeech", ["polly:@:lexicon/*"]),
  ],
  RekognitionDetectOnlyPolicy: [allow("rekognition:DetectFaces DetectLabels DetectModerationLabels DetectText", "*")],
  RekognitionFacesManagementPolicy: [
    allow(
      "rekognition:IndexFaces DeleteFaces SearchFaces SearchFacesByImage ListFaces",
      "rekognition:@:collection/${collectionId}",
    ),
  ],
  RekognitionFacesPolicy: [allow("rekognition:CompareFaces DetectFaces", "*")],
  RekognitionLabelsPolicy: [allow("rekognition:DetectLabels DetectModerationLabels", "*")],
  RekognitionNoDataAccessPolicy: [
    allow(
      "rekognition:CompareFaces DetectFaces DetectLabels DetectModerationLabels",
      "rekognition:@:collection/${collectionId}",
    ),
  ],
  RekognitionReadPolicy: [
    allow(
      "rekognition:ListCollections ListFaces SearchFaces SearchFacesByImage",
      "rekognition:@:collection/${collectionId}",
    ),
  ],
  RekognitionWriteOnlyAccessPolicy: [
    allow("rekognition:CreateCollection IndexFaces", "rekognition:@:collection/${collectionId}"),
  ],
  Route53ChangeResourceRecordSetsPolicy: [
    allow("route53:ChangeResourceRecordSets", "route53:::hostedzone/${HostedZoneId}"),
  ],
  S3CrudPolicy: [
    allow(
      "s3:GetObject ListBucket GetBucketLocation GetObjectVersion PutObject PutObjectAcl GetLifecycleConfiguration PutLifecycleConfiguration DeleteObject",
      ["s3:::${bucketName}", "s3:::${bucketName}/*"],
    ),
  ],
  S3FullAccessPolicy: [
    allow(
      "s3:GetObject GetObjectAcl GetObjectVersion PutObject PutObjectAcl DeleteObject DeleteObjectTagging DeleteObjectVersionTagging GetObjectTagging GetObjectVersionTagging PutObjectTagging PutObjectVersionTagging",
      ["s3:::${bucketName}/*"],
    ),
    allow("s3:ListBucket GetBucketLocation GetLifecycleConfiguration PutLifecycleConfiguration", [
      "s3:::${bucketName}",
    ]),
  ],
  S3ReadPolicy: [
    allow("s3:GetObject ListBucket GetBucketLocation GetObjectVersion GetLifecycleConfiguration", [
      "s3:::${bucketName}",
      "s3:::${bucketName}/*",
    ]),
  ],
  S3WritePolicy: [
    allow("s3:PutObject PutObjectAcl PutLifecycleConfiguration", ["s3:::${bucketName}", "s3:::${bucketName}/*"]),
  ],
  SESBulkTemplatedCrudPolicy: [
    allow(
      "ses:GetIdentityVerificationAttributes SendEmail SendRawEmail SendTemplatedEmail SendBulkTemplatedEmail VerifyEmailIdentity",
      "ses:@:identity/${identityName}",
    ),
  ],
  SESBulkTemplatedCrudPolicy_v2: [
    allow("ses:SendEmail SendRawEmail SendTemplatedEmail SendBulkTemplatedEmail", [
      "ses:@:identity/${identityName}",
      "ses:@:template/${templateName}",
    ]),
    allow("ses:GetIdentityVerificationAttributes VerifyEmailIdentity", "*"),
  ],
  SESCrudPolicy: [
    allow(
      "ses:GetIdentityVerificationAttributes SendEmail SendRawEmail VerifyEmailIdentity",
      "ses:@:identity/${identityName}",
    ),
  ],
  SESEmailTemplateCrudPolicy: [
    allow("ses:CreateTemplate GetTemplate ListTemplates UpdateTemplate DeleteTemplate TestRenderTemplate", "*"),
  ],
  SESSendBouncePolicy: [allow("ses:SendBounce", "ses:@:identity/${identityName}")],
  SNSCrudPolicy: [
    allow("sns:ListSubscriptionsByTopic CreateTopic SetTopicAttributes Subscribe Publish", "sns:@:${topicName}*"),
  ],
  SNSPublishMessagePolicy: [allow("sns:Publish", "sns:@:${topicName}")],
  SQSPollerPolicy: [
    allow(
      "sqs:ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch GetQueueAttributes ReceiveMessage",
      "sqs:@:${queueName}",
    ),
  ],
  SQSSendMessagePolicy: [allow("sqs:SendMessage*", "sqs:@:${queueName}")],
  SSMParameterReadPolicy: [
    allow("ssm:DescribeParameters", "*"),
    allow("ssm:GetParameters GetParameter GetParametersByPath", "ssm:@:parameter/${parameterName}"),
  ],
  SSMParameterWithSlashPrefixReadPolicy: [
    allow("ssm:DescribeParameters", "*"),
    allow("ssm:GetParameters GetParameter GetParametersByPath", "ssm:@:parameter${parameterName}"),
  ],
  SageMakerCreateEndpointConfigPolicy: [
    allow("sagemaker:CreateEndpointConfig", "sagemaker:@:endpoint-config/${endpointConfigName}"),
  ],
  SageMakerCreateEndpointPolicy: [allow("sagemaker:CreateEndpoint", "sagemaker:@:endpoint/${endpointName}")],
  ServerlessRepoReadWriteAccessPolicy: [
    allow(
      "serverlessrepo:CreateApplication CreateApplicationVersion UpdateApplication GetApplication ListApplications ListApplicationVersions ListApplicationDependencies",
      ["serverlessrepo:@:applications/*"],
    ),
  ],
  StepFunctionsCallbackPolicy: [
    allow("states:SendTaskFailure SendTaskHeartbeat SendTaskSuccess", "states:@:stateMachine:${stateMachineName}"),
  ],
  StepFunctionsExecutionPolicy: [allow("states:StartExecution", "states:@:stateMachine:${stateMachineName}")],
  StepFunctionsExecutionPolicy_v2: [
    allow("states:StartExecution StartSyncExecution", "states:@:stateMachine:${stateMachineName}"),
  ],
  TextractDetectAnalyzePolicy: [
    allow("textract:DetectDocumentText StartDocumentTextDetection StartDocumentAnalysis AnalyzeDocument", "*"),
  ],
  TextractGetResultPolicy: [allow("textract:GetDocumentTextDetection GetDocumentAnalysis", "*")],
  TextractPolicy: [allow("textract:*", "*")],
  VPCAccessPolicy: [
    allow("ec2:CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces DetachNetworkInterface", "*"),
  ],
};
