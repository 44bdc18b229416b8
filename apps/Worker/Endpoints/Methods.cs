namespace Millrace.Worker.Endpoints;

/// <summary>Methods of an address.</summary>
internal static class Methods
{
    /// <summary>MapGet alone answers HEAD with 405, which some probes use.</summary>
    public static readonly string[] Read = ["GET", "HEAD"];
}
