"""Who may do what: a small evaluation of IAM over a deployed city's roles, as its template is resolved.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html: nothing is allowed
unless a statement says so; here no statement denies, and none has a condition.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

ACCOUNT, REGION = "123456789012", "eu-west-3"


@dataclass(frozen=True)
class Stack:
    """A template with its parameters, as CloudFormation resolves it."""

    template: Any
    given: dict[str, str]

    def grants(self, function: str) -> list[tuple[str, str]]:
        """Return the actions and resources that a function's role allows, wildcards as they are written."""
        role = self.template["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"][0]
        (policy,) = self.template["Resources"][role]["Properties"]["Policies"]
        found = []
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            assert set(statement) <= {"Effect", "Action", "Resource", "Sid"}
            for action in _listed(statement["Action"]):
                found += [(action, self.resolve(each)) for each in _listed(statement["Resource"])]
        return found

    def may(self, function: str, action: str, resource: str) -> bool:
        return any(
            fnmatchcase(action, allowed) and fnmatchcase(resource, place)
            for allowed, place in self.grants(function)
        )

    def resolve(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if "Fn::Sub" in value:
            return re.sub(r"\$\{([^}]+)\}", lambda part: self._of(part[1]), value["Fn::Sub"])
        name, attribute = value["Fn::GetAtt"]
        assert (self.template["Resources"][name]["Type"], attribute) == ("AWS::SQS::Queue", "Arn")
        queue = self.resolve(self.template["Resources"][name]["Properties"]["QueueName"])
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"

    def arns(self) -> set[str]:
        """Return the ARN of all that holds something of the city's: tables, indexes, key, queue, logs."""
        found = {f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/entraide/{self.given['City']}/signing-key"}
        for resource in self.template["Resources"].values():
            properties = resource["Properties"]
            if resource["Type"] == "AWS::DynamoDB::Table":
                table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.resolve(properties['TableName'])}"
                indexes = properties.get("GlobalSecondaryIndexes", [])
                found |= {table, *(f"{table}/index/{each['IndexName']}" for each in indexes)}
            elif resource["Type"] == "AWS::SQS::Queue":
                found.add(f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.resolve(properties['QueueName'])}")
            elif resource["Type"] == "AWS::Logs::LogGroup":
                group = self.resolve(properties["LogGroupName"])
                found.add(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:one")
        return found

    def _of(self, name: str) -> str:
        pseudo = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}
        return {**pseudo, **self.given}[name]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
