"""The framework's part of the template: what `chalice package --merge-template` makes, but for its zip.

Chalice's own steps run; the one that would fetch packages for this machine's Python is left out.
"""

import json
from typing import Any

from botocore.session import get_session
from chalice.awsclient import TypedAWSClient
from chalice.cli.factory import CLIFactory
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import BaseDeployStep, BuildStage, DeploymentPackager, create_build_stage
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import PackageOptions, ResourceBuilder, SAMTemplateGenerator, TemplateDeepMerger
from chalice.utils import UI, OSUtils

from infra.emulator import REGION, ROOT
from infra.tables import RESOURCES

STAGE = "dev"
"""Chalice's name for the one set of settings in `.chalice/config.json`."""


def framework_template() -> dict[str, Any]:
    """Return what the application declares, with `resources.json` merged in; no AWS is asked."""
    config = CLIFactory(str(ROOT), environ={}).create_config_obj(STAGE)
    stage = create_build_stage(OSUtils(), UI(), CFNSwaggerGenerator(), config)
    steps = [_Built() if isinstance(step, DeploymentPackager) else step for step in stage._steps]  # noqa: SLF001
    builder = ResourceBuilder(ApplicationGraphBuilder(), DependencyBuilder(), BuildStage(steps))
    session = get_session()
    session.set_config_variable("region", REGION)
    options = PackageOptions(TypedAWSClient(session))
    made = SAMTemplateGenerator(config, options).generate(builder.construct_resources(config, STAGE))
    merged: dict[str, Any] = TemplateDeepMerger().merge(_ours(), made)
    return merged


def _ours() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(RESOURCES.read_text(encoding="utf-8"))
    return read


class _Built(BaseDeployStep):  # type: ignore[misc]
    """Stands where Chalice would make a zip: ours is made already."""

    def handle_deploymentpackage(self, _config: Any, resource: Any) -> None:
        resource.filename = "deployment.zip"
